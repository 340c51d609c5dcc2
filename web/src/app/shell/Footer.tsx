import { useTranslation } from 'react-i18next'

export function Footer({ shopName, isDemo }: { shopName: string; isDemo: boolean }) {
  const { t } = useTranslation()
  return (
    <footer className="shell-footer">
      <p>
        <bdi>{shopName}</bdi>
      </p>
      {isDemo && <p className="small">{t('shell.demo')}</p>}
    </footer>
  )
}
