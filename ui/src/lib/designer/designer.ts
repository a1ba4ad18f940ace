/** The document that the parts of the designer work on, handed down by the page. */
import { createContext } from 'svelte';
import type { DesignerDocument } from './document/document.svelte';

export const [getDesigner, setDesigner] = createContext<DesignerDocument>();
