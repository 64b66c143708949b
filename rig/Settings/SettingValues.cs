using System.Collections.Immutable;

namespace Lab.Settings;

/// <summary>Values by declaration; what was not given has its default.</summary>
public sealed class SettingValues
{
    private readonly ImmutableDictionary<Setting, object?> _values;
    private readonly ImmutableDictionary<Setting, string> _given;

    private SettingValues(ImmutableDictionary<Setting, object?> values, ImmutableDictionary<Setting, string> given) =>
        (_values, _given) = (values, given);

    /// <summary>Nothing given.</summary>
    public static SettingValues Defaults { get; } =
        new(ImmutableDictionary<Setting, object?>.Empty, ImmutableDictionary<Setting, string>.Empty);

    /// <summary>Reads what was typed.</summary>
    /// <param name="settings">Those that can be.</param>
    /// <param name="typed">The texts that were typed for one; null if it was not.</param>
    /// <exception cref="UsageException">A value cannot be; of the first such setting.</exception>
    public static SettingValues Read(IEnumerable<Setting> settings, Func<Setting, IReadOnlyList<string>?> typed)
    {
        SettingValues values = Defaults;
        foreach (Setting setting in settings)
        {
            if (typed(setting) is { } texts)
            {
                object? value = setting.Read(texts);
                // As the default, which may be empty, nobody types it: a shell's variable was, and something else was meant.
                if (texts.Any(string.IsNullOrWhiteSpace)) throw new UsageException(
                    $"{setting.Option} is empty; give it a value, or leave it out.");
                values = new(values._values.SetItem(setting, value), values._given.Add(setting, texts[^1]));
            }
        }
        return values;
    }

    /// <summary>Reads options, each followed by its value.</summary>
    /// <exception cref="UsageException">A value cannot be, an option is none of the settings, or is without a value.</exception>
    public static SettingValues Read(IReadOnlyList<Setting> settings, IReadOnlyList<string> arguments)
    {
        Dictionary<string, List<string>> typed = [];
        for (int at = 0; at < arguments.Count; at += 2)
        {
            Setting setting = Names.Find("option", arguments[at], settings, one => one.Option);
            if (at + 1 == arguments.Count) throw new UsageException($"Option '{setting.Option}' needs a value.");
            if (!typed.TryGetValue(setting.Name, out List<string>? texts)) typed.Add(setting.Name, texts = []);
            if (texts.Count > 0 && !setting.Repeats) throw new UsageException(
                $"Option '{setting.Option}' is given twice; give it once.");
            texts.Add(arguments[at + 1]);
        }
        return Read(settings, setting => typed.GetValueOrDefault(setting.Name));
    }

    public T Of<T>(Setting<T> setting) => _values.TryGetValue(setting, out object? value) ? (T)value! : setting.DefaultValue;

    /// <summary>Whether it was typed.</summary>
    public bool IsGiven(Setting setting) => _given.ContainsKey(setting);

    /// <summary>As it was typed, or the default as one would.</summary>
    public string Typed(Setting setting) => _given.GetValueOrDefault(setting, setting.Default);

    public SettingValues With<T>(Setting<T> setting, T value) => new(_values.SetItem(setting, value), _given);

    public string TextOf(Setting setting) =>
        _values.TryGetValue(setting, out object? value) ? setting.Write(value) : setting.Write(setting.ReadDefault());

    /// <summary>Values by name for a manifest, in the order of the names.</summary>
    public SortedDictionary<string, string> Describe(IEnumerable<Setting> settings)
    {
        SortedDictionary<string, string> described = new(StringComparer.Ordinal);
        foreach (Setting setting in settings)
        {
            string text = TextOf(setting);
            bool isDefault = text == setting.Write(setting.ReadDefault());
            if (setting.Recorded == Recorded.Always || (setting.Recorded == Recorded.WhenSet && !isDefault))
            {
                described[setting.Name] = text;
            }
        }
        return described;
    }
}
