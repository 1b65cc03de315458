// What is said beside the first words when the rest of the page can't come: the browser is too old for it, or
// something on the way holds it up. It stands in the index page itself, in what the oldest browsers read (ES5).
(function () {
  "use strict";

  var PATIENCE = 10000; // ms from when the scripts have come ...
  var LONGEST = 30000; // ... or, should they not, from when the page has
  var AGAIN = 5000;

  var READ = "Du kan läsa det som står här. ";
  var SAID = {
    old: [
      "Webbläsaren är för gammal för att skriva och logga in här. " + READ,
      "Uppdatera webbläsaren, eller öppna sidan i en annan: Chrome eller Edge 112, Firefox 121, Safari 17 eller nyare. På iPhone och iPad behövs iOS 17 eller iPadOS 17, för där följer alla webbläsare med systemet.",
    ],
    blocked: [
      "Hela sidan kommer inte fram. " + READ,
      "Servern svarar, men den fasta anslutning (websocket) som behövs för att skriva och logga in kommer inte fram. Oftast är det nätet, en vpn eller ett skyddsprogram som stoppar den.",
      "Prova ett annat nät, till exempel mobilens, eller stäng av vpn. Hjälper inte det kan du be it-stödet att släppa fram websocket till " +
        location.host +
        ". Sidan försöker själv hela tiden.",
    ],
    unfinished: [
      "Hela sidan har inte kommit fram. " + READ,
      "Vänta en stund till om nätet är långsamt, eller ladda om sidan. Hjälper inte det kan du prova ett annat nät eller en annan webbläsare.",
    ],
    silent: ["Servern svarar inte. " + READ, "Kontrollera att du har nät. Sidan visas så snart servern svarar."],
  };

  var html = document.documentElement;

  function isModern() {
    try {
      new RegExp("a", "v");
      return html.hasAttribute("data-modern") && CSS.supports("selector(:has(a))");
    } catch (error) {
      return false;
    }
  }

  /** Where the first words stand. Without a database there are none. */
  function place() {
    var words = document.querySelector(".first");
    if (!words) {
      words = document.createElement("div");
      words.className = "first stApp";
      words.innerHTML =
        '<main data-testid="stMainBlockContainer"><div data-testid="stVerticalBlock"><div></div></div></main>';
      document.body.insertBefore(words, document.body.firstChild);
    }
    return words.querySelector('[data-testid="stVerticalBlock"]');
  }

  var told = "";
  var box = null;

  function tell(kind) {
    if (told === kind) return;
    told = kind;
    if (!box) {
      var column = place();
      box = document.createElement("div");
      box.className = "stHtml";
      column.insertBefore(box, column.children[1] || null);
    }
    var notice = document.createElement("div");
    notice.className = "notice problem held-up";
    notice.setAttribute("role", "alert");
    for (var number = 0; number < SAID[kind].length; number++) {
      var sentence = document.createElement("p");
      sentence.textContent = SAID[kind][number];
      notice.appendChild(sentence);
    }
    box.textContent = "";
    box.appendChild(notice);
  }

  /** Whether the page has come; shell/first_words.js has then taken the first words away. */
  function hasArrived() {
    return !document.querySelector(".first") && !!document.querySelector("#root .stHtml, .cover");
  }

  function look() {
    if (hasArrived()) return;
    setTimeout(look, AGAIN);
    var app = document.querySelector('[data-testid="stApp"]');
    var state = app && app.getAttribute("data-test-script-state");
    if (state && state !== "initial") return; // something has come through: the rest is on its way
    var request = new XMLHttpRequest();
    request.open("GET", "/_stcore/health");
    request.timeout = AGAIN;
    request.onload = function () {
      if (!hasArrived()) tell(request.status !== 200 ? "silent" : app ? "blocked" : "unfinished");
    };
    request.onerror = request.ontimeout = function () {
      if (!hasArrived()) tell("silent");
    };
    request.send();
  }

  var isLooking = false;
  function begin() {
    if (!isLooking) look();
    isLooking = true;
  }

  if (isModern()) {
    document.addEventListener("DOMContentLoaded", function () {
      setTimeout(begin, PATIENCE);
    });
    setTimeout(begin, LONGEST);
  } else {
    tell("old");
    var root = document.getElementById("root"); // lest something half drawn takes the first words' place
    root.parentNode.removeChild(root);
  }
})();
