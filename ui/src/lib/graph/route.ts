/** Edges along corners: how they are drawn, and where they are labelled. */
import type { Point } from './layout';

/** Of the corners, in pixels. */
const RADIUS = 6;

/** An SVG path through points, with round corners. */
export function pathOf(points: readonly Point[]): string {
	return points
		.map((point, index) => {
			const before = points[index - 1];
			const after = points[index + 1];
			if (!before) return `M ${point.x} ${point.y}`;
			if (!after) return `L ${point.x} ${point.y}`;
			const [from, to] = [towards(point, before), towards(point, after)];
			return `L ${from.x} ${from.y} Q ${point.x} ${point.y} ${to.x} ${to.y}`;
		})
		.join(' ');
}

/** The middle of the longest piece that runs along the page; of all pieces where none does. */
export function middleOf(points: readonly Point[]): Point {
	const pieces = points.slice(1).map((to, index) => [points[index]!, to] as const);
	const along = pieces.filter(([from, to]) => from.y === to.y);
	const [from, to] = (along.length > 0 ? along : pieces).reduce(
		(longest, each) => (length(each) > length(longest) ? each : longest),
		[points[0] ?? ORIGIN, points[0] ?? ORIGIN] as const
	);
	return { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
}

const ORIGIN: Point = { x: 0, y: 0 };

function length([from, to]: readonly [Point, Point]): number {
	return Math.hypot(to.x - from.x, to.y - from.y);
}

/** The point at the corner's radius from it, or half way where the other one is near. */
function towards(corner: Point, other: Point): Point {
	const distance = length([corner, other]);
	if (distance === 0) return corner;
	const part = Math.min(RADIUS, distance / 2) / distance;
	return { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part };
}
