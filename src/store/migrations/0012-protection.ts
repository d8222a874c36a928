/** Projects whose people were not told yet that files which steer tools are protected by the program itself. */
export const protection = `
alter table projects add column protection_told boolean not null default true;
update projects set protection_told = false where plan is not null;
`;
