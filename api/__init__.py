"""The public interface over HTTP. The only room that knows the REST framework; it calls what the pages call."""
