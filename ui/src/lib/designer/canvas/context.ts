/** The canvas, for what is drawn on it. */
import { createContext } from 'svelte';
import type { Canvas } from './canvas.svelte';

export const [canvasOf, provideCanvas] = createContext<Canvas>();
