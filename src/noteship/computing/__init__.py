"""More processes than one for a stage or a search: a cluster that is made for it, or one that is there."""
