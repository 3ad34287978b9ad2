import { chooseProfile, profileFile, profileFolder } from '@bouncer-spa/opener/dist/core/profile-choice.js';
import { expect } from 'chai';
import { refused } from './support/refused.js';

describe('the choice of a profile', () => {
  it('is the explicit file before the name, and the name before the destination', () => {
    expect(chooseProfile('/a.toml', 'home', 'b')).to.deep.equal({ kind: 'file', file: '/a.toml' });
    expect(chooseProfile(undefined, 'home', 'b')).to.deep.equal({ kind: 'name', name: 'home' });
    expect(chooseProfile(undefined, undefined, 'b')).to.deep.equal({ kind: 'host', host: 'b' });
  });

  it('is refused without any of them', async () => {
    const { kind, message } = await refused(() => chooseProfile(undefined, undefined, undefined));
    expect(kind).to.equal('usage');
    expect(message).to.equal('no profile and no destination is given');
  });

  for (const name of ['./home', '/etc/home', '../home', 'a/b', 'home.toml', '~/my home.toml']) {
    it(`is not a name that is a path, such as ${name}, and the hint is the option for paths`, async () => {
      const { kind, problems } = await refused(() => chooseProfile(undefined, name, undefined));
      expect(kind).to.equal('usage');
      expect(problems).to.deep.equal([
        {
          sentence: `profile expected a name, got the path "${name}"`,
          hint: `opener --profile ${/[ ~]/.test(name) ? `'${name}'` : name}`,
        },
      ]);
    });
  }

  it('is not the empty name', async () => {
    const { message } = await refused(() => chooseProfile(undefined, '', 'b'));
    expect(message).to.equal('profile expected a name, got none');
  });
});

describe('the folder of profiles', () => {
  it('is opener in $XDG_CONFIG_HOME', () => {
    expect(profileFolder('/config', '/home/a')).to.equal('/config/opener');
  });

  it('is ~/.config/opener without $XDG_CONFIG_HOME', () => {
    expect(profileFolder(undefined, '/home/a')).to.equal('/home/a/.config/opener');
  });

  for (const value of ['', 'config', './config']) {
    it(`is ~/.config/opener if $XDG_CONFIG_HOME is not absolute, as in "${value}"`, () => {
      expect(profileFolder(value, '/home/a')).to.equal('/home/a/.config/opener');
    });
  }

  for (const home of [undefined, '', 'home/a']) {
    it(`is nowhere if the home folder is ${home === undefined ? 'unknown' : JSON.stringify(home)} too`, () => {
      expect(profileFolder('config', home)).to.equal(undefined);
      expect(profileFolder('/config', home)).to.equal('/config/opener');
    });
  }

  it('has NAME.toml for the profile NAME', () => {
    expect(profileFile('/p', 'home')).to.equal('/p/home.toml');
  });
});
