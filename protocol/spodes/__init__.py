"""The Russian profile of DLMS/COSEM as data: objects and profiles (`objects`), journals and event codes (`events`)."""
