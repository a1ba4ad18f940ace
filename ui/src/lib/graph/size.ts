/** How large nodes are drawn, in pixels: known before they are, so that they can be laid out. */
import { portsOf, type NodeJson } from './definition';

export const NODE_WIDTH = 224;
const HEAD_HEIGHT = 52;
const PORT_HEIGHT = 22;
const FOOT_HEIGHT = 6;

/** The ways out of a node that stand at its right side. */
export function sidePorts(node: NodeJson) {
	return portsOf(node).filter((port) => port.kind !== 'error' && port.kind !== 'timeout');
}

export function nodeHeight(node: NodeJson): number {
	const count = sidePorts(node).length;
	return count > 1 ? HEAD_HEIGHT + count * PORT_HEIGHT + FOOT_HEIGHT : HEAD_HEIGHT;
}

/** How far below the node's top its nth way out begins. */
export function portOffset(node: NodeJson, index: number): number {
	return sidePorts(node).length > 1 ? HEAD_HEIGHT + (index + 0.5) * PORT_HEIGHT : HEAD_HEIGHT / 2;
}
