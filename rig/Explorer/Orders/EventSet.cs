using System.Numerics;

namespace Lab.Explorer.Orders;

/// <summary>A set of events of an execution, a bit each. In front of or behind a <see cref="Relation"/> it stands for cat's
/// <c>[X]</c>: <c>W &gt;&gt; po &gt;&gt; R</c> is program order from a write to a read.</summary>
internal readonly struct EventSet(int count, ulong[] bits)
{
    internal readonly int Count = count;
    internal readonly ulong[] Bits = bits;

    internal EventSet(int count) : this(count, new ulong[Relation.WordsFor(count)])
    {
    }

    internal bool IsEmpty => !Bits.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>The relation of each event of the set with itself.</summary>
    internal Relation Identity
    {
        get
        {
            Relation identity = new(Count);
            for (int e = 0; e < Count; e++) if (this[e]) identity.Add(e, e);
            return identity;
        }
    }

    internal bool this[int e] => (Bits[e >> 6] >> (e & 63) & 1) != 0;

    internal void Add(int e) => Bits[e >> 6] |= 1UL << (e & 63);

    internal int Members => Bits.Sum(BitOperations.PopCount);

    public static EventSet operator |(EventSet x, EventSet y) =>
        new(x.Count, [.. x.Bits.Zip(y.Bits, (one, other) => one | other)]);

    public static EventSet operator &(EventSet x, EventSet y) =>
        new(x.Count, [.. x.Bits.Zip(y.Bits, (one, other) => one & other)]);

    /// <summary>What is in the first and not in the second.</summary>
    public static EventSet operator -(EventSet x, EventSet y) =>
        new(x.Count, [.. x.Bits.Zip(y.Bits, (one, other) => one & ~other)]);

    /// <summary>The pairs whose first event is in the set.</summary>
    public static Relation operator >>(EventSet from, Relation r) => r.From(from);
}
