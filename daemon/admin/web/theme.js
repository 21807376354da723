// Dark or light, before anything is drawn. What the person chose is kept; else it is as the system says.
// A plain script, not a module: it must run before the first paint.
(function () {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const kept = () => {
    try {
      return localStorage.getItem('postponed-theme');
    } catch {
      return null; // storage is forbidden: as the system says
    }
  };
  const apply = () => {
    root.dataset.theme = kept() ?? (system.matches ? 'dark' : 'light');
    const button = document.getElementById('theme');
    if (button) button.setAttribute('aria-pressed', String(root.dataset.theme === 'dark'));
    dispatchEvent(new Event('theme'));
  };
  apply();
  system.addEventListener('change', apply);
  addEventListener('DOMContentLoaded', () => {
    apply();
    document.getElementById('theme').addEventListener('click', () => {
      try {
        localStorage.setItem('postponed-theme', root.dataset.theme === 'dark' ? 'light' : 'dark');
      } catch {
        return;
      }
      apply();
    });
  });
})();
