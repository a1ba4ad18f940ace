/** What categories, sources and decisions are called, and what they look like. */
import Briefcase from '@lucide/svelte/icons/briefcase';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import Code from '@lucide/svelte/icons/code-xml';
import Handshake from '@lucide/svelte/icons/handshake';
import Landmark from '@lucide/svelte/icons/landmark';
import LifeBuoy from '@lucide/svelte/icons/life-buoy';
import Megaphone from '@lucide/svelte/icons/megaphone';
import Server from '@lucide/svelte/icons/server-cog';
import ShieldCheck from '@lucide/svelte/icons/shield-check';
import ShoppingCart from '@lucide/svelte/icons/shopping-cart';
import UserRoundPlus from '@lucide/svelte/icons/user-round-plus';
import Zap from '@lucide/svelte/icons/zap';
import type { Component } from 'svelte';
import type { Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import type { Tone } from '#lib/ui/tone';

export type Template = Schemas['TemplateOut'];
export type TemplateDetail = Schemas['TemplateDetail'];
export type Category = Template['category'];
export type Source = Template['source'];
export type Review = Schemas['PublicationVersionOut']['status'];

interface Look {
	label: () => string;
	icon: Component<{ size?: number | string; class?: string }>;
	/** Ground and ink of its icon. */
	tint: string;
}

export const CATEGORIES: Record<Category, Look> = {
	sales: { label: m.library_category_sales, icon: Handshake, tint: 'bg-ok-soft text-ok' },
	onboarding: {
		label: m.library_category_onboarding,
		icon: UserRoundPlus,
		tint: 'bg-accent-soft text-accent'
	},
	people: { label: m.library_category_people, icon: Briefcase, tint: 'bg-undo-soft text-undo' },
	finance: { label: m.library_category_finance, icon: Landmark, tint: 'bg-ok-soft text-ok' },
	'it-operations': {
		label: m.library_category_it_operations,
		icon: Server,
		tint: 'bg-info-soft text-info'
	},
	support: { label: m.library_category_support, icon: LifeBuoy, tint: 'bg-warn-soft text-warn' },
	marketing: { label: m.library_category_marketing, icon: Megaphone, tint: 'bg-bad-soft text-bad' },
	data: { label: m.library_category_data, icon: ChartColumn, tint: 'bg-info-soft text-info' },
	energy: { label: m.library_category_energy, icon: Zap, tint: 'bg-warn-soft text-warn' },
	compliance: { label: m.library_category_compliance, icon: ShieldCheck, tint: 'bg-undo-soft text-undo' },
	commerce: { label: m.library_category_commerce, icon: ShoppingCart, tint: 'bg-accent-soft text-accent' },
	development: { label: m.library_category_development, icon: Code, tint: 'bg-sunken text-soft' }
};

export const SOURCES: Record<Source, () => string> = {
	BUILT_IN: m.library_source_built_in,
	PLUGIN: m.library_source_plugin,
	TENANT: m.library_source_tenant,
	PUBLIC: m.library_source_public
};

export const REVIEWS: Record<Review, { label: () => string; tone: Tone }> = {
	NOT_NEEDED: { label: m.library_review_not_needed, tone: 'ok' },
	PENDING: { label: m.library_review_pending, tone: 'warn' },
	APPROVED: { label: m.library_review_approved, tone: 'ok' },
	REJECTED: { label: m.library_review_rejected, tone: 'bad' },
	SUPERSEDED: { label: m.library_review_superseded, tone: 'neutral' },
	WITHDRAWN: { label: m.library_review_withdrawn, tone: 'neutral' }
};

/** Who a template is from, in words. */
export function origin(template: Template): string {
	if (template.pluginId) return m.library_by_plugin({ plugin: template.pluginId });
	return template.author ? m.library_by({ author: template.author }) : m.library_by_weftline();
}
