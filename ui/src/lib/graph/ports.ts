/** What the ways out of nodes are called. */
import type { EdgeJson, Port } from './definition';
import { m } from '#lib/paraglide/messages';

export function portLabel(port: Port): string {
	switch (port.id) {
		case 'next':
			return m.designer_canvas_port_next();
		case 'true':
			return m.designer_canvas_port_true();
		case 'false':
			return m.designer_canvas_port_false();
		case 'default':
			return m.designer_canvas_port_default();
		case 'do':
			return m.designer_canvas_port_do();
		case 'onError':
			return m.designer_canvas_port_error();
		case 'timeout':
			return m.designer_canvas_port_timeout();
		case 'cases/-':
			return m.designer_canvas_port_new_case();
		case 'branches/-':
			return m.designer_canvas_port_new_branch();
		default:
			return port.label || port.id;
	}
}

/** What an edge says where the way out that it begins at does not. */
export function edgeLabel(edge: EdgeJson): string | undefined {
	if (edge.kind === 'timeout') return m.designer_canvas_port_timeout();
	if (edge.kind === 'error') return edge.label ?? m.designer_canvas_port_error();
	if (edge.kind === 'dependency') return m.designer_canvas_port_dependency();
	return edge.label;
}
