import { useTranslation } from 'react-i18next'
import type { CannedMenuState } from './useCannedMenu'

/** Driven by the keyboard from the text field; a pointer may choose as well. */
export function CannedMenu({ menu: { replies, active, choose } }: { menu: CannedMenuState }) {
  const { t } = useTranslation()
  if (replies.length === 0) return null
  return (
    <ul className="canned-menu" aria-label={t('support.canned')}>
      {replies.map((reply, index) => (
        <li key={reply.id}>
          <button type="button" aria-current={index === active ? 'true' : undefined} onClick={() => choose(reply)}>
            <strong>
              <bdi>{reply.title}</bdi>
            </strong>
            <span className="muted small">
              <bdi>{reply.text}</bdi>
            </span>
          </button>
        </li>
      ))}
      <li className="visually-hidden" role="status">
        {replies[active]?.title}
      </li>
    </ul>
  )
}
