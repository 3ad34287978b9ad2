import { chooseProfile, profileFile, profileFolder } from '@bouncer-spa/opener/dist/core/profile-choice.js';
import { expect } from 'chai';
import { refused } from './support/refused.js';

describe('the choice of a profile', () => {
  it('is the explicit file before the name, and the name before the destination', () => {
    expect(chooseProfile('/a.toml', 'home', 'b')).to.deep.equal({ kind: 'file', file: '/a.toml' });
    expect(chooseProfile(undefined, 'home', 'b')).to.deep.equal({ kind: 'name', name: 'home' });
    expect(chooseProfile(undefined, undefined, 'b')).to.deep.equal({
      kind: 'host',
      host: 'b',
      wayOut: 'name one with opener PROFILE or --profile FILE',
    });
  });

  it('is refused without any of them', async () => {
    const { kind, message } = await refused(() => chooseProfile(undefined, undefined, undefined));
    expect(kind).to.equal('usage');
    expect(message).to.equal('no profile and no destination is given');
  });

  for (const name of [
    './home',
    '/etc/home',
    String.raw`a\b`,
    '../home',
    'a/b',
    'home.toml',
    '~/my home.toml',
  ]) {
    it(`is not a name that is a path, such as ${name}, and the hint is the option for paths`, async () => {
      const { kind, problems } = await refused(() => chooseProfile(undefined, name, undefined));
      expect(kind).to.equal('usage');
      expect(problems).to.deep.equal([
        {
          sentence: `profile expected a name, got the path ${JSON.stringify(name)}`,
          hint: `opener --profile ${/[ ~\\]/.test(name) ? `'${name}'` : name}`,
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
  const NOTHING = { platform: 'linux', configHome: undefined, appData: undefined, home: undefined };
  const LINUX = { ...NOTHING, home: '/home/a' };
  const MACOS = { ...NOTHING, platform: 'darwin', home: '/Users/a' };
  const WINDOWS = { ...NOTHING, platform: 'win32', home: String.raw`C:\Users\a` };

  it('is opener in $XDG_CONFIG_HOME', () => {
    for (const platform of [LINUX, MACOS]) {
      expect(profileFolder({ ...platform, configHome: '/config' })).to.equal('/config/opener');
    }
    expect(profileFolder({ ...WINDOWS, configHome: String.raw`D:\config` })).to.equal(
      String.raw`D:\config\opener`,
    );
  });

  it("is in the platform's own place without $XDG_CONFIG_HOME", () => {
    expect(profileFolder(LINUX)).to.equal('/home/a/.config/opener');
    expect(profileFolder(MACOS)).to.equal('/Users/a/Library/Application Support/opener');
    expect(profileFolder(WINDOWS)).to.equal(String.raw`C:\Users\a\AppData\Roaming\opener`);
    expect(profileFolder({ ...WINDOWS, appData: String.raw`E:\roaming` })).to.equal(
      String.raw`E:\roaming\opener`,
    );
  });

  for (const configHome of ['', 'config', './config']) {
    it(`is ~/.config/opener if $XDG_CONFIG_HOME is not absolute, as in "${configHome}"`, () => {
      expect(profileFolder({ ...LINUX, configHome })).to.equal('/home/a/.config/opener');
    });
  }

  for (const home of [undefined, '', 'home/a']) {
    it(`is nowhere if the home folder is ${home === undefined ? 'unknown' : JSON.stringify(home)} too`, () => {
      expect(profileFolder({ ...NOTHING, configHome: 'config', home })).to.equal(undefined);
      expect(profileFolder({ ...NOTHING, configHome: '/config', home })).to.equal('/config/opener');
    });
  }

  it('has NAME.toml for the profile NAME', () => {
    expect(profileFile('/p', 'home')).to.equal('/p/home.toml');
  });
});
