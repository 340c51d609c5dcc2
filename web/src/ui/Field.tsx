import { useId, type ComponentProps, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface Labelled {
  label: string
  hint?: string
  error?: string | undefined
}

interface Wiring {
  id: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

type FrameProps = Labelled & { isOptional: boolean; children: (wiring: Wiring) => ReactNode }

function FieldFrame({ label, hint, error, isOptional, children }: FrameProps) {
  const { t } = useTranslation()
  const id = useId()
  const note = error ?? hint
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
        {isOptional && <span className="field-optional"> ({t('field.optional')})</span>}
      </label>
      {children({ id, 'aria-invalid': error !== undefined, 'aria-describedby': note ? `${id}-note` : undefined })}
      {note && (
        <p id={`${id}-note`} className={error ? 'field-error' : 'field-hint'}>
          {note}
        </p>
      )}
    </div>
  )
}

type TextFieldProps = Omit<ComponentProps<'input'>, 'id' | 'className'> & Labelled

const leftToRight = new Set(['email', 'tel', 'password', 'url'])

export function TextField({ label, hint, error, type = 'text', ...input }: TextFieldProps) {
  const direction = leftToRight.has(type) ? 'input ltr' : 'input'
  return (
    <FieldFrame label={label} hint={hint} error={error} isOptional={!input.required && type !== 'search'}>
      {(wiring) => <input placeholder=" " {...input} {...wiring} type={type} className={direction} />}
    </FieldFrame>
  )
}

export function TextArea({
  label,
  hint,
  error,
  ...area
}: Omit<ComponentProps<'textarea'>, 'id' | 'className'> & Labelled) {
  return (
    <FieldFrame label={label} hint={hint} error={error} isOptional={!area.required}>
      {(wiring) => <textarea {...area} {...wiring} className="input" />}
    </FieldFrame>
  )
}

type SelectProps = Omit<ComponentProps<'select'>, 'id' | 'className'> & Labelled

export function SelectField({ label, hint, error, children, ...select }: SelectProps) {
  return (
    <FieldFrame label={label} hint={hint} error={error} isOptional={false}>
      {(wiring) => (
        <select {...select} {...wiring} className="input">
          {children}
        </select>
      )}
    </FieldFrame>
  )
}
