using System.CommandLine;
using Lab.Settings;

namespace Lab.Cli.Options;

/// <summary>An option that was declared as a setting.</summary>
internal interface ISettingOption
{
    Setting Setting { get; }
}

/// <summary>Declared settings as options of a command, in their order.</summary>
internal sealed class SettingOptions
{
    private readonly (Setting Setting, Option Option)[] _options;

    /// <param name="settings">What can be given.</param>
    /// <param name="byDefault">The default of one, where the command's is another than the declaration's; null where it is
    /// not.</param>
    public SettingOptions(IEnumerable<Setting> settings, Func<Setting, string?>? byDefault = null) =>
        _options = [.. settings.Select(setting => (setting, OptionOf(setting, byDefault?.Invoke(setting) ?? setting.Default)))];

    public void AddTo(Command command)
    {
        foreach ((_, Option option) in _options) command.Options.Add(option);
    }

    /// <summary>What was typed.</summary>
    /// <exception cref="UsageException">A value cannot be.</exception>
    public SettingValues Read(ParseResult parsed) =>
        SettingValues.Read(_options.Select(one => one.Setting), setting => Typed(parsed, setting));

    /// <summary>The texts of one that was typed; null if it was not.</summary>
    public IReadOnlyList<string>? Typed(ParseResult parsed, Setting setting)
    {
        Option option = _options.First(one => one.Setting == setting).Option;
        if (parsed.GetResult(option) is not { Implicit: false } given) return null;
        return option is Option<bool> flag ? [parsed.GetValue(flag) ? "on" : "off"]
            : [.. given.Tokens.Select(token => token.Value)];
    }

    /// <summary>An option of a verb that has no settings.</summary>
    public static Option<string> Text(string name, string description, string byDefault) =>
        new(name) { Description = description, DefaultValueFactory = _ => byDefault };

    private static Option OptionOf(Setting setting, string byDefault)
    {
        Option option = setting switch
        {
            { IsFlag: true } => new SettingOption<bool>(setting),
            { Repeats: true } => new SettingOption<string[]>(setting) { AllowMultipleArgumentsPerToken = setting.TakesMany },
            _ when byDefault.Length > 0 => new SettingOption<string>(setting) { DefaultValueFactory = _ => byDefault },
            _ => new SettingOption<string>(setting),
        };
        option.Description = setting.Description;
        if (!setting.IsFlag) option.CompletionSources.Add(_ => setting.Words);
        option.Hidden = setting.IsHidden;
        return option;
    }

    private sealed class SettingOption<T>(Setting setting) : Option<T>(setting.Option), ISettingOption
    {
        public Setting Setting => setting;
    }
}
