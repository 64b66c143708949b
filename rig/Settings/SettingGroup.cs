namespace Lab.Settings;

/// <summary>Settings that belong together, each declared by one <see cref="Add"/>, in the order of the declarations.</summary>
/// <param name="title">A heading.</param>
/// <param name="only">Workloads or MMUs to which the settings mean something; none for all.</param>
public sealed class SettingGroup(string title, params string[] only)
{
    private readonly List<Setting> _settings = [];

    public string Title { get; } = title;

    public IReadOnlyList<string> Only { get; } = only;

    /// <summary>Title, and whose the settings are.</summary>
    /// <param name="quote">Stands around names.</param>
    public string HeadingOf(string quote) => Only.Count == 0 ? Title
        : $"{(Only.Contains(Title) ? "" : $"{Title}: ")}with {string.Join(" or ", Only.Select(name => $"{quote}{name}{quote}"))}";

    public IReadOnlyList<Setting> Settings => _settings;

    /// <param name="name">As it is typed, without dashes.</param>
    /// <param name="form">Kind of value.</param>
    /// <param name="byDefault">As one would type it.</param>
    /// <param name="help">What it is, without the values it takes and without the default.</param>
    /// <param name="recorded">When the manifest has it.</param>
    /// <param name="shapes"><see cref="Setting.Shapes"/>.</param>
    /// <param name="matters"><see cref="Setting.Matters"/>.</param>
    /// <param name="unset"><see cref="Setting.Unset"/>.</param>
    /// <param name="only">Instead of the group's.</param>
    /// <param name="hidden"><see cref="Setting.IsHidden"/>.</param>
    public Setting<T> Add<T>(
        string name, Form<T> form, string byDefault, string help,
        Recorded recorded = Recorded.Always, bool shapes = true, bool matters = true, string? unset = null, string[]? only = null,
        bool hidden = false)
    {
        Setting<T> setting = new(this, name, form, byDefault, help)
        {
            Only = only ?? Only, Recorded = recorded, Shapes = shapes, Matters = matters, Unset = unset, IsHidden = hidden,
        };
        _settings.Add(setting);
        return setting;
    }
}
