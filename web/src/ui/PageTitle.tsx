import { useEffect, type ReactNode } from 'react'
import { useShopName } from './ShopContext'

/** The page's one heading, and the name of the browser's tab with it. */
export function PageTitle({
  title,
  isHidden = false,
  children,
}: {
  title: string
  isHidden?: boolean
  children?: ReactNode
}) {
  const shopName = useShopName()
  useEffect(() => {
    document.title = shopName ? `${title} · ${shopName}` : title
  }, [title, shopName])
  return <h1 className={isHidden ? 'visually-hidden' : undefined}>{children ?? title}</h1>
}
