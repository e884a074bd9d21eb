const credentials = /([a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*):[^\s/?#]*@/gi;
/** Drivers also take a password, of an account or of a key file, as a parameter. */
const parameters = /([?&][^=&\s]*(?:pass|mechanismprop)[^=&\s]*=)[^&\s]*/gi;

/** A text, such as a URL or what a driver says of one, with each password in a URL as `***`. */
export function maskPasswords(text: string): string {
  return text.replace(credentials, '$1:***@').replace(parameters, '$1***');
}
