import '@fontsource-variable/readex-pro/wght.css'
import '@/ui/styles/index.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { startSession } from '@/api/session'
import { startLive } from '@/realtime/live'
import { App } from './App'
import { startTranslation } from './i18n/translation'
import { queryClient } from './queryClient'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

startLive(queryClient)
void startSession()
await startTranslation()

createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
