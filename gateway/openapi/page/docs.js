/* global SwaggerUIBundle */
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  // Nothing of it is sent elsewhere.
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  plugins: [({ React }) => ({ components: { DeepLink: plainNames(React) } })],
});
nameParts(document.getElementById('swagger-ui'));

/** An operation's name is no link within the button that opens it, which puts the operation into the address anyway. */
function plainNames(React) {
  return function PlainName({ text }) {
    return React.createElement('span', { className: 'nostyle' }, text);
  };
}

/** Names what Swagger UI leaves without a name, and puts headings one level up, below that of the page. */
function nameParts(root) {
  const mend = () => {
    for (const heading of root.querySelectorAll('h3, h4, h5, h6'))
      heading.setAttribute('aria-level', String(Number(heading.tagName[1]) - 1));
    for (const body of root.querySelectorAll('textarea.body-param__text')) body.ariaLabel = 'Request body';
    for (const close of root.querySelectorAll('.close-modal')) close.ariaLabel = 'Close';
    for (const about of root.querySelectorAll('.information-container')) {
      about.role = 'region';
      about.ariaLabel = 'About';
    }
    for (const dialog of root.querySelectorAll('.modal-ux')) {
      dialog.role = 'dialog';
      dialog.ariaLabel = 'Authorisation';
    }
    for (const table of root.querySelectorAll('table[role=region]'))
      table.ariaLabel = `Responses of ${operationOf(table)}`;
    for (const choice of root.querySelectorAll('select')) choice.ariaLabel ??= nameOf(choice);
    for (const text of root.querySelectorAll('pre')) text.tabIndex = 0;
    // Its text says what it does.
    for (const button of root.querySelectorAll('button.authorize')) button.ariaLabel = null;
  };
  new MutationObserver(mend).observe(root, { childList: true, subtree: true });
}

function operationOf(element) {
  const operation = element.closest('.opblock');
  const [method, path] = ['method', 'path'].map(
    (part) => operation?.querySelector(`.opblock-summary-${part}`)?.textContent,
  );
  return `${method} ${path}`;
}

const nameOf = (choice) => choice.closest('tr')?.dataset.paramName ?? 'Media type';
