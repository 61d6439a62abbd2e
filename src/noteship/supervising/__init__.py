"""Several worker processes on one port: connections handed out, workers watched and replaced, samples summed."""

from noteship.supervising import errors
from noteship.supervising.channel import Order
from noteship.supervising.fleet import Fleet, run
from noteship.supervising.listening import listen, url_of
from noteship.supervising.post import Post
from noteship.supervising.sums import Family, Sample, labelled, summed

__all__ = ["Family", "Fleet", "Order", "Post", "Sample", "errors", "labelled", "listen", "run", "summed", "url_of"]
