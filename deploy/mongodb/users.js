// Users and the role of Souk, for mongosh, by somebody who may make users:
//   mongosh 'mongodb://root@h1,h2,h3/admin?replicaSet=rs0&tls=true&tlsCAFile=ca.pem' --file users.js
// Run again, it brings the role to what stands here. The password is asked for, so that it is in no history.
const database = process.env.SOUK_DB ?? 'souk'
const password = process.env.SOUK_DB_PASSWORD ?? passwordPrompt()
const own = (collection) => ({ db: database, collection })

// What Souk does to its own collections, and no more. It is less than `readWrite`, which may drop and rename them, but
// for `collMod`, which sets the validators of a newer version.
const actions = ['find', 'insert', 'update', 'remove', 'createCollection', 'createIndex', 'collMod', 'listCollections', 'listIndexes']
const privileges = [
  { resource: own(''), actions },
  // `souk check` warns when transactions may be left standing for long.
  { resource: { cluster: true }, actions: ['getParameter'] },
]
// What is needed to make a copy, and nothing that writes.
const reading = [{ resource: own(''), actions: ['find', 'listCollections', 'listIndexes', 'collStats', 'dbStats'] }]

const admin = db.getSiblingDB('admin')
const roles = { soukApp: privileges, soukBackup: reading }
for (const [role, privileges] of Object.entries(roles)) {
  const known = admin.runCommand({ rolesInfo: role }).roles.length > 0
  const said = admin.runCommand({ [known ? 'updateRole' : 'createRole']: role, privileges, roles: [] })
  if (!said.ok) throw new Error(said.errmsg)
}

const known = admin.runCommand({ usersInfo: 'souk' }).users.length > 0
const said = admin.runCommand({
  [known ? 'updateUser' : 'createUser']: 'souk',
  pwd: password,
  roles: [{ role: 'soukApp', db: 'admin' }],
  mechanisms: ['SCRAM-SHA-256'],
})
if (!said.ok) throw new Error(said.errmsg)
