// The roles and the users of one database of Souk, for mongosh, by somebody who may make users:
//   mongosh 'mongodb://root@h1,h2,h3/admin?replicaSet=rs0&tls=true&tlsCAFile=ca.pem' --file users.js
// Run again, it brings the roles to what stands here, and the passwords to what is said now. Passwords are asked for, so
// that they are in no history. Names follow the database: for `souk` (SOUK_DB says another one) the roles are `soukApp`
// and `soukBackup`, the user is `souk`, and with SOUK_BACKUP=yes there is a user `soukBackup` too. So nothing that is
// made for one database touches what another one has.
const database = process.env.SOUK_DB ?? 'souk'
if (!/^[A-Za-z][0-9A-Za-z_-]{0,37}$/.test(database) || ['admin', 'config', 'local'].includes(database))
  throw new Error(`SOUK_DB: ${database} is no name for a database of Souk`)
const admin = db.getSiblingDB('admin')
const run = (command) => {
  const said = admin.runCommand(command)
  if (!said.ok) throw new Error(said.errmsg)
  return said
}
const own = (collection) => ({ db: database, collection })

// What Souk does to its own collections, and no more. It is less than `readWrite`, which may drop and rename them, but
// for `collMod`, which sets the validators of a newer version.
const actions = ['find', 'insert', 'update', 'remove', 'createCollection', 'createIndex', 'collMod', 'listCollections', 'listIndexes']
const app = [
  { resource: own(''), actions },
  // `souk check` warns when transactions may be left standing for long.
  { resource: { cluster: true }, actions: ['getParameter'] },
]
// What is needed to make a copy, and nothing that writes.
const backup = [{ resource: own(''), actions: ['find', 'listCollections', 'listIndexes', 'collStats', 'dbStats'] }]

const makeRole = (role, privileges) => {
  const known = run({ rolesInfo: role }).roles.length > 0
  run({ [known ? 'updateRole' : 'createRole']: role, privileges, roles: [] })
}
// A user of that name who is somebody else stays as it is.
const makeUser = (user, role, given) => {
  const [known] = run({ usersInfo: user }).users
  if (known && !known.roles.some((has) => has.role === role && has.db === 'admin'))
    throw new Error(`there is a user ${user} without the role ${role}: it is not changed`)
  if (given === undefined) print(`The password of ${user}:`)
  const pwd = given ?? passwordPrompt()
  run({ [known ? 'updateUser' : 'createUser']: user, pwd, roles: [{ role, db: 'admin' }], mechanisms: ['SCRAM-SHA-256'] })
}

makeRole(`${database}App`, app)
makeRole(`${database}Backup`, backup)
makeUser(database, `${database}App`, process.env.SOUK_DB_PASSWORD)
if (process.env.SOUK_BACKUP === 'yes' || process.env.SOUK_BACKUP_PASSWORD !== undefined)
  makeUser(`${database}Backup`, `${database}Backup`, process.env.SOUK_BACKUP_PASSWORD)
