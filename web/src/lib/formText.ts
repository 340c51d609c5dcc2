/** A form's text field, trimmed; passwords must be read with `formSecret`, which leaves them as they are. */
export const formText = (form: FormData, name: string): string => formSecret(form, name).trim()

export function formSecret(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
