using Lab.Mmu;

namespace Lab.Strategies;

/// <summary>A kind of part that every VM has one of, and that there are variants of.</summary>
/// <param name="Name">Its folder, and its place in <c>lab list</c>.</param>
/// <param name="Noun">What one of its members is called, as in "There is no notifier 'x'".</param>
/// <param name="Base">Open generic class that its members derive from.</param>
public sealed record Family(string Name, string Noun, Type Base)
{
    public static Family Roots { get; } = new("roots", "strategy", typeof(RootStrategy<>));

    public static Family Notifier { get; } = new("notifier", "notifier", typeof(MmuNotifier<>));

    public static Family Ageing { get; } = new("ageing", "ageing scheme", typeof(Ageing<>));

    /// <summary>In the order in which a <see cref="Subject"/> names its members.</summary>
    public static IReadOnlyList<Family> All { get; } = [Roots, Notifier, Ageing];

    /// <summary>The family whose base class the type derives from, or null.</summary>
    public static Family? Of(Type type)
    {
        for (Type? ancestor = type.BaseType; ancestor is not null; ancestor = ancestor.BaseType)
        {
            Type open = ancestor.IsGenericType ? ancestor.GetGenericTypeDefinition() : ancestor;
            if (All.FirstOrDefault(family => family.Base == open) is { } found) return found;
        }
        return null;
    }

    public override string ToString() => Name;
}
