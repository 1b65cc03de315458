// Why a text is not saved, in words.

export const REFUSED = {
  404: () => "Frågan finns inte längre. Kopiera texten om du vill ha den kvar.",
  413: (saver) => `Texten är för lång. Den får ha högst ${saver.limit.toLocaleString("sv-SE")} tecken.`,
  422: (_, body) => body.message ?? "Texten innehåller tecken som inte går att spara.", // the box takes out those it knows
  423: () => "Det finns inte plats för fler tidigare versioner. Ta bort dem du inte behöver, så sparas texten.",
  // The server's reasons besides: it alone counts what stands on one letter, and it says how many may.
  marks: (_, { message }) => message,
};

/** Why a text is not on the server yet, and where it is meanwhile. */
export function waiting({ status, kept }) {
  if (status === 401) return "Inte sparat. Du är utloggad."; // session.js covers the page, and says more
  if (kept && isOffline({ status })) return "Sparat på den här enheten, skickas när nätet är tillbaka";
  const why = status
    ? "Servern kan inte spara just nu."
    : navigator.onLine
      ? "Servern svarar inte."
      : "Det finns inget nät.";
  const where = kept ? "Texten finns kvar på den här enheten" : "Texten finns bara i rutan";
  return `Inte sparat. ${why} ${where} och skickas så snart det går.`;
}

export const isOffline = ({ status }) => !status && !navigator.onLine;
