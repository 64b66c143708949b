namespace Lab.Settings;

/// <summary>When a run's manifest has a setting.</summary>
public enum Recorded
{
    Always,

    /// <summary>Only when it is not the default: so that the hash of settings, which names series in histories, survives a new
    /// one.</summary>
    WhenSet,

    /// <summary>It says how results are told, not what was measured.</summary>
    Never,
}

/// <summary>Something that can be set, declared once: name, kind of value, default, help. Options, their help, the manifest, the
/// hash of a run's settings, what an arm inherits and the table in docs/OPTIONS.md all follow from the declaration. Knows no
/// command line.</summary>
public abstract class Setting(SettingGroup group, string name, string byDefault, string help)
{
    public SettingGroup Group { get; } = group;

    /// <summary>As in the manifest, without dashes.</summary>
    public string Name { get; } = name;

    /// <summary>The default as one would type it; empty for none.</summary>
    public string Default { get; } = byDefault;

    /// <summary>What it is, in a line, without the values that it takes.</summary>
    public string Help { get; } = help;

    /// <summary>The values that it takes, in words; empty where the default shows it.</summary>
    public abstract string Takes { get; }

    /// <summary><see cref="Form{T}.Words"/>.</summary>
    public abstract IReadOnlyList<string> Words { get; }

    /// <summary>Takes several of them, joined by commas.</summary>
    public abstract bool IsList { get; }

    /// <summary>Workloads or MMUs to which it means something; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public Recorded Recorded { get; init; }

    /// <summary>Shapes what is measured: compare hands it on to its arms, an arm may have its own, a baseline's is
    /// inherited.</summary>
    public bool Shapes { get; init; } = true;

    /// <summary>Two runs that differ in it do not measure the same, so it is part of the hash of a run's settings.</summary>
    public bool Matters { get; init; } = true;

    /// <summary>What a manifest says where it was not given and there is no default; an empty text means the same.</summary>
    public string? Unset { get; init; }

    /// <summary>Between verbs, not for people.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Takes no value: there or not.</summary>
    public virtual bool IsFlag => false;

    /// <summary>May be given several times.</summary>
    public virtual bool Repeats => false;

    /// <summary>Several values may follow it.</summary>
    public virtual bool TakesMany => false;

    public string Option => $"--{Name}";

    /// <summary>Help with all that the declaration knows, but for the default.</summary>
    public string Description =>
        $"{(Only.Count == 0 ? "" : $"{string.Join(", ", Only)}: ")}{Help}{(Takes.Length == 0 ? "" : $": {Takes}")}";

    /// <summary>As <see cref="Description"/>, under the heading of the group: whose it is stands there.</summary>
    public string DescriptionInGroup =>
        Only.Count > 0 && Only.SequenceEqual(Group.Only) ? Description[$"{string.Join(", ", Only)}: ".Length..] : Description;

    /// <summary>The value that was typed; texts are several only if it <see cref="Repeats"/>.</summary>
    /// <exception cref="UsageException">It cannot be; the message says what can.</exception>
    public abstract object? Read(IReadOnlyList<string> texts);

    /// <summary>The value if none is given.</summary>
    public abstract object? ReadDefault();

    /// <summary>The text that <see cref="Read"/> takes for the value.</summary>
    public abstract string Write(object? value);

    /// <summary>Whether two texts are of one value.</summary>
    public bool MeansTheSame(string one, string other) => one == other || one == Write(Read([other]));

    public sealed override string ToString() => Option;
}

/// <summary>A setting whose values are of one type.</summary>
public sealed class Setting<T> : Setting
{
    private readonly Lazy<T> _default;

    internal Setting(SettingGroup group, string name, Form<T> form, string byDefault, string help)
        : base(group, name, byDefault, help)
    {
        Form = form;
        _default = new Lazy<T>(() => Parse(Default));
    }

    public Form<T> Form { get; }

    public override string Takes => Form.Takes;

    public override IReadOnlyList<string> Words => Form.Words();

    public override bool IsList => Form.IsList;

    public override bool IsFlag => Form.IsFlag;

    public override bool Repeats => Form.Repeats;

    public override bool TakesMany => Form.TakesMany;

    public T DefaultValue => _default.Value;

    /// <exception cref="UsageException">It cannot be; the message says what can.</exception>
    public T Parse(string text) => Form.Parse(Option, text.Length == 0 && Unset == Default ? Default : text);

    /// <summary>The inverse of <see cref="Parse"/>.</summary>
    public string Print(T value) => Form.Print(value);

    public override object? Read(IReadOnlyList<string> texts) => Repeats ? Form.ParseAll!(Option, texts) : Parse(texts[^1]);

    public override object? ReadDefault() => DefaultValue;

    public override string Write(object? value) => Print((T)value!);
}
