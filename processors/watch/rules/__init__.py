"""Judge the runs of a flow: one module for each kind of rule."""
