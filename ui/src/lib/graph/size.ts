/** How large nodes are drawn, in pixels: known before they are, so that they can be laid out. */
import { portsOf, type NodeJson } from './definition';

export const NODE_WIDTH = 224;
const HEAD_HEIGHT = 52;
const PORT_HEIGHT = 22;
const FOOT_HEIGHT = 6;

/** A way that is not there yet: one drawn from here adds it. */
const NEW = /\/-$/;

/**
 * The ways out of a node that stand at its right side.
 *
 * @param node the node.
 * @param isEdited whether ways can be added; else none stands there for those that are not there yet.
 */
export function sidePorts(node: NodeJson, isEdited = true) {
	return portsOf(node).filter(
		(port) => port.kind !== 'error' && port.kind !== 'timeout' && (isEdited || !NEW.test(port.id))
	);
}

export function nodeHeight(node: NodeJson, isEdited = true): number {
	const count = sidePorts(node, isEdited).length;
	return count > 1 ? HEAD_HEIGHT + count * PORT_HEIGHT + FOOT_HEIGHT : HEAD_HEIGHT;
}

/** How far below the node's top its nth way out begins. */
export function portOffset(node: NodeJson, index: number, isEdited = true): number {
	return sidePorts(node, isEdited).length > 1 ? HEAD_HEIGHT + (index + 0.5) * PORT_HEIGHT : HEAD_HEIGHT / 2;
}
