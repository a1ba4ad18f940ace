"""Jobs: steps that processes outside carry out, in any language, over HTTP."""
