/** The server takes no longer messages (web/websocket.py): what is pasted by mistake is cut off where one sees it. */
addEventListener("focusin", ({ target }) => {
  if (target.matches("input") && target.maxLength < 0) target.maxLength = 2000;
});
