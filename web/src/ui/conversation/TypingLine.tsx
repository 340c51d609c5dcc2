import { useTranslation } from 'react-i18next'

/** Always there, so that nothing jumps when somebody begins to type. */
export function TypingLine({ typists }: { typists: readonly { name: string }[] }) {
  const { t } = useTranslation()
  const [first] = typists
  return (
    <p className="typing-line" role="status">
      {first && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t('conversation.typing', { name: first.name })}
        </>
      )}
    </p>
  )
}
