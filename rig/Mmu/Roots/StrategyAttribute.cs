namespace Lab.Mmu;

/// <summary>How a strategy is to be taken.</summary>
public enum StrategyStatus
{
    /// <summary>Believed right: a violation in it is news.</summary>
    Sound,

    /// <summary>Known to be wrong, kept because somebody really wrote it. Runs only when named; marked wherever it
    /// appears.</summary>
    Broken,

    /// <summary>Not a strategy but a floor to hold the others against.</summary>
    Bound,
}

/// <summary>What a strategy needs of the rig beyond the ordinary.</summary>
public enum StrategyNeeds
{
    Nothing,

    /// <summary>The guest touches nothing, so that there is nothing to zap.</summary>
    EmptyGuest,

    /// <summary>All actors take turns on one thread, on <see cref="OneThread"/>.</summary>
    OneThread,

    /// <summary>The running kernel carries out the memslot updates: an MMU with an <see cref="ISlotKernel"/>.</summary>
    KernelSlots,

    /// <summary>As <see cref="KernelSlots"/>, and a deleted slot takes down its own mappings only (KVM_X86_QUIRK_SLOT_ZAP_ALL
    /// off).</summary>
    KernelSlotsZappedAlone,

    /// <summary>Page tables whose accessed bits the lab can clear: an MMU with <see cref="IAccessedBits"/>.</summary>
    AccessedBits,
}

/// <summary>Name card of a strategy of any family — the class says which by what it derives from — that the catalogue and
/// <c>lab list</c> read.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StrategyAttribute(string name) : Attribute
{
    /// <summary>Name as the user types it.</summary>
    public string Name { get; } = name;

    /// <summary>The idea in one line.</summary>
    public required string Idea { get; init; }

    /// <summary>Where it comes from: kernel versions or a patch.</summary>
    public required string Source { get; init; }

    /// <summary>Code in the reference, as S6.</summary>
    public string Code { get; init; } = "";

    public StrategyStatus Status { get; init; }

    public StrategyNeeds Needs { get; init; }

    /// <summary>For a broken strategy: what it violates, and what it takes to see it.</summary>
    public string Breaks { get; init; } = "";
}

/// <summary>The one line by which an assembly of its own offers a strategy of any family to <c>--plugin</c>.</summary>
/// <param name="type">The open generic class, as <c>typeof(MyStrategy&lt;&gt;)</c>.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class OffersStrategyAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}
