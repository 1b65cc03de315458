// A browser without static blocks does not get past this script, and to no other harm; see arrival.js.
class Modern {
  static {
    document.documentElement.dataset.modern = "";
  }
}
