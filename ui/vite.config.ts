import { paraglideVitePlugin } from '@inlang/paraglide-js';
import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

/** Where the API process looks for the app. */
const OUTPUT = process.env.WEFT_UI_OUT ?? '../src/weftline/api/webapp';

/** Against which server the app runs while it is being developed. */
const SERVER = process.env.WEFT_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [
		tailwindcss(),
		sveltekit({
			// one page for every address: the API process serves it, and the app finds its way
			adapter: adapter({ pages: OUTPUT, fallback: 'index.html', precompress: true }),
			version: { pollInterval: 5 * 60_000 }
		}),
		paraglideVitePlugin({ project: './project.inlang', outdir: './src/lib/paraglide' })
	],
	build: { chunkSizeWarningLimit: 1600 },
	server: {
		proxy: {
			'/api': SERVER,
			'/graphql': { target: SERVER, ws: true },
			'/health': SERVER,
			'/ws': { target: SERVER, ws: true }
		}
	},
	test: { include: ['src/**/*.test.ts'] }
});
