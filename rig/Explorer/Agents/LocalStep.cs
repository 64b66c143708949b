using System.Runtime.InteropServices;

namespace Lab.Explorer.Agents;

/// <summary>What an agent asks of the machine.</summary>
internal enum LocalOpKind : byte
{
    Load,
    LoadPlain,
    Store,
    Modify,
    Fence,
    Relax,
    AwaitWake,
    Wake,
    EnterExclusive,
    ExitExclusive,
    EnterShared,
    ExitShared,
    Reinitialise,
    IsContended,
    EnterRcu,
    ExitRcu,
    Synchronize,
    CallRcu,
    Barrier,
    Queue,
    Flush,
    TakeItem,
    FinishItem,
    AwaitOthers,

    /// <summary>Its code has come to its end.</summary>
    End,
}

/// <summary>One operation of an agent, with all that it is given.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Word">Address of the word, node or root it is about.</param>
/// <param name="Thing">Number of the lock, domain or queue; of a read-modify-write, how.</param>
/// <param name="A">First operand.</param>
/// <param name="B">Second operand.</param>
internal readonly record struct LocalOp(LocalOpKind Kind, nint Word = 0, int Thing = 0, ulong A = 0, ulong B = 0);

/// <summary>What an agent's code does between two operations that somebody can see other than through the machine.</summary>
internal enum LocalEffectKind : byte
{
    /// <summary>A word gets a value behind the machine's back: memory that is not shared yet.</summary>
    Poke,

    /// <summary>As <see cref="Poke"/>, with the number of a root.</summary>
    PokeRootId,

    /// <summary>A root is made.</summary>
    RootMade,

    /// <summary>A page is freed at once.</summary>
    Freed,

    /// <summary>One of the facts about the VM is another.</summary>
    Fact,

    /// <summary>A milestone of the code.</summary>
    Event,

    /// <summary>A guest's access has retired.</summary>
    Retired,

    /// <summary>What it has seen is forgotten but for what it keeps.</summary>
    Collapse,
    MaySleep,
    MayNotSleep,
    ValidOnly,
    ValidOnlyEnd,
    Taking,
    Apart,
    Walk,
    Yield,
    TableTaken,
    HandedOver,
    BeginTaking,
    EndTaking,
    CheckTaken,
    CheckProtected,
    RoleLoaded,
    Installed,
    Mmio,

    /// <summary>The code itself has found a promise broken.</summary>
    Violated,
}

/// <summary>One of them. What the operands are is the kind's.</summary>
internal readonly record struct LocalEffect(LocalEffectKind Kind, nint Place = 0, ulong A = 0, ulong B = 0);

/// <summary>What an agent's code does from the end of one operation to the beginning of the next.</summary>
/// <param name="Effects">In order.</param>
/// <param name="Next">The operation.</param>
internal sealed record LocalStep(LocalEffect[] Effects, LocalOp Next)
{
    /// <summary>The step that came after this one last, and the place that it belongs to: mostly it is the same again.</summary>
    public (ulong Place, LocalStep? Step) Last;

    private const int UsesPerCheck = 32;
    private int _uses;
    private int _usesTillCheck = UsesPerCheck;

    /// <summary>It is recalled once more. True if that is 32 times as often as when its code was last seen to do it.</summary>
    public bool Use() => ++_uses == _usesTillCheck;

    /// <summary>Its code has been seen to do the same again.</summary>
    public void Confirm() => _usesTillCheck = Math.Min(Math.Max(_uses, 1), int.MaxValue / UsesPerCheck) * UsesPerCheck;
}

/// <summary>What each agent was seen to do, by all that it had heard of the machine when it did.</summary>
internal sealed class LocalSteps
{
    private const int StepsMax = 8_000_000;
    private readonly Dictionary<ulong, LocalStep> _steps = [];

    public int Count => _steps.Count;

    /// <summary>An agent that had heard the same did something else.</summary>
    public bool Contradicted { get; private set; }

    public LocalStep? After(ulong place) => _steps.GetValueOrDefault(place);

    public void Clear()
    {
        _steps.Clear();
        Contradicted = false;
    }

    public void Add(ulong place, List<LocalEffect> effects, in LocalOp next)
    {
        if (!_steps.TryGetValue(place, out LocalStep? known))
        {
            if (_steps.Count < StepsMax) _steps.Add(place, new LocalStep([.. effects], next));
            return;
        }
        Contradicted |= known.Next != next || !known.Effects.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(effects));
        known.Confirm();
    }
}
