// What Streamlit's front end is told before it begins, and where it shows how it fares.

// Streamlit's own date and number formats follow the browser; ours is a Swedish service.
Object.defineProperty(navigator, "language", { get: () => "sv-SE" });
Object.defineProperty(navigator, "languages", { get: () => ["sv-SE", "sv"] });

window.__streamlit = {
  // Where the server is, so that Streamlit need not look for it under each part of the address.
  BACKEND_BASE_URL: `${location.origin}/`,
  // It would cover the page when its connection breaks: the editors go on, and say it themselves.
  HOST_CONFIG: { blockErrorDialogs: true },
};

export const CONNECTION = "data-test-connection-state"; // as Streamlit tells it
export const isConnected = () =>
  document.querySelector('[data-testid="stApp"]')?.getAttribute(CONNECTION) === "CONNECTED";
export const heading = () => document.getElementById("innehall");

export const app = () => document.querySelector('[data-testid="stApp"]');
