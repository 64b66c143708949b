namespace Lab.Explorer.Graph;

internal enum EventKind : byte
{
    Read,
    Write,
    Fence,

    /// <summary>A turn of a spin loop that cannot be left out, because the loop does more than look.</summary>
    Turn,
}

/// <summary>What a read is part of: decides whether a write follows it directly, and whether the value read lets the thread go
/// on.</summary>
internal enum ReadPurpose : byte
{
    Load,
    Exchange,
    CompareExchange,
    Add,
    Or,
    And,

    /// <summary>Waits for 0 and writes 1.</summary>
    EnterExclusive,

    /// <summary>Waits for an even value and adds 2.</summary>
    EnterShared,

    /// <summary>Waits for 0 and writes nothing.</summary>
    AwaitZero,
}

/// <summary>A node of an <see cref="ExecutionGraph"/>. Its number is its place in the order in which the events were added;
/// writes that a word starts with have no node and are named by the complement of the word's number.</summary>
internal struct Event
{
    internal const int None = int.MinValue;

    internal EventKind Kind;
    internal ReadPurpose Purpose;

    /// <summary>Drains the store buffer: a part of a locked instruction, a lock, a fence.</summary>
    internal bool IsLocked;

    /// <summary>Write part of a read-modify-write, so it directly follows in coherence order what its read part reads.</summary>
    internal bool IsAtomicWrite;

    /// <summary>A write that a read older than itself was made to read.</summary>
    internal bool HasRevisited;

    internal int Thread;

    /// <summary>Place in its thread.</summary>
    internal int Index;

    internal int Location;

    /// <summary>Value read or written.</summary>
    internal ulong Value;

    internal ulong Operand;
    internal ulong Comparand;

    /// <summary>Of a read: the write that it reads.</summary>
    internal int Source;

    /// <summary>Of a write: its place in the coherence order of its word, where the initial write has place 0.</summary>
    internal int Place;

    /// <summary>Of a write: the last added of its readers, the head of a list.</summary>
    internal int Reader;

    /// <summary>Of a read: the next reader of the same write.</summary>
    internal int NextReader;

    /// <summary>Last event of the thread before this one that no later event overtakes.</summary>
    internal int Strong;

    /// <summary>Last plain store of the thread before this one, where the model lets loads overtake it.</summary>
    internal int Buffered;

    internal readonly bool IsPlainStore => Kind == EventKind.Write && !IsLocked;

    internal readonly bool IsPlainLoad => Kind == EventKind.Read && !IsLocked;
}

/// <summary>What the parts of a read-modify-write, a lock and a wait do with the value that they read.</summary>
internal static class Purposes
{
    /// <summary>The thread cannot go on while it reads this.</summary>
    internal static bool Blocks(ReadPurpose purpose, ulong value) => purpose switch
    {
        ReadPurpose.EnterExclusive or ReadPurpose.AwaitZero => value != 0,
        ReadPurpose.EnterShared => (value & 1) != 0,
        _ => false,
    };

    /// <summary>True if a write follows, of <paramref name="written"/>.</summary>
    internal static bool Writes(ReadPurpose purpose, ulong operand, ulong comparand, ulong value, out ulong written)
    {
        written = purpose switch
        {
            ReadPurpose.Exchange or ReadPurpose.CompareExchange => operand,
            ReadPurpose.Add => unchecked(value + operand),
            ReadPurpose.Or => value | operand,
            ReadPurpose.And => value & operand,
            ReadPurpose.EnterExclusive => 1,
            ReadPurpose.EnterShared => value + 2,
            _ => 0,
        };
        return purpose switch
        {
            ReadPurpose.Load or ReadPurpose.AwaitZero => false,
            ReadPurpose.CompareExchange => value == comparand,
            _ => true,
        };
    }
}
