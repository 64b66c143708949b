using System.Numerics;

namespace Lab.Explorer.Orders;

/// <summary>A relation between the events of an execution, as a matrix of bits: a row per event, of 64 events a word. Operators
/// are those of the cat language, so that a model reads like its cat file: <c>|</c>, <c>&amp;</c> and <c>-</c> are those of sets,
/// <c>&gt;&gt;</c> is composition (cat's <c>;</c>), and binds tighter, as there.</summary>
/// <remarks>A value: operators make new matrices, only <see cref="Add"/> changes one. Composition and closure cost n²·n/64 word
/// operations at most.</remarks>
internal readonly struct Relation
{
    private readonly ulong[] _rows;
    private readonly int _words;

    internal readonly int Count;

    internal Relation(int count) : this(count, new ulong[count * WordsFor(count)])
    {
    }

    private Relation(int count, ulong[] rows)
    {
        (Count, _words, _rows) = (count, WordsFor(count), rows);
    }

    internal static int WordsFor(int count) => (count + 63) >> 6;

    internal bool this[int from, int to] => (_rows[from * _words + (to >> 6)] >> (to & 63) & 1) != 0;

    internal void Add(int from, int to) => _rows[from * _words + (to >> 6)] |= 1UL << (to & 63);

    internal bool IsEmpty => !_rows.AsSpan().ContainsAnyExcept(0UL);

    internal bool IsIrreflexive
    {
        get
        {
            for (int e = 0; e < Count; e++) if (this[e, e]) return false;
            return true;
        }
    }

    internal bool IsAcyclic => Plus.IsIrreflexive;

    /// <summary>One or more steps: cat's <c>r+</c>.</summary>
    internal Relation Plus
    {
        get
        {
            Relation closed = new(Count, (ulong[])_rows.Clone());
            for (int middle = 0; middle < Count; middle++)
            {
                ReadOnlySpan<ulong> onward = closed.Row(middle);
                for (int from = 0; from < Count; from++)
                {
                    if (closed[from, middle]) Unite(closed.Row(from), onward);
                }
            }
            return closed;
        }
    }

    /// <summary>No step or one: cat's <c>r?</c>.</summary>
    internal Relation Maybe
    {
        get
        {
            Relation reflexive = new(Count, (ulong[])_rows.Clone());
            for (int e = 0; e < Count; e++) reflexive.Add(e, e);
            return reflexive;
        }
    }

    /// <summary>Any number of steps: cat's <c>r*</c>.</summary>
    internal Relation Star => Plus.Maybe;

    /// <summary>Cat's <c>r^-1</c>.</summary>
    internal Relation Inverse
    {
        get
        {
            Relation inverse = new(Count);
            for (int from = 0; from < Count; from++)
            {
                for (int word = 0; word < _words; word++)
                {
                    for (ulong left = _rows[from * _words + word]; left != 0; left &= left - 1)
                    {
                        inverse.Add((word << 6) + BitOperations.TrailingZeroCount(left), from);
                    }
                }
            }
            return inverse;
        }
    }

    /// <summary>Without the pairs of an event with itself: cat's <c>r \ id</c>.</summary>
    internal Relation WithoutIdentity
    {
        get
        {
            Relation strict = new(Count, (ulong[])_rows.Clone());
            for (int e = 0; e < Count; e++) strict._rows[e * _words + (e >> 6)] &= ~(1UL << (e & 63));
            return strict;
        }
    }

    /// <summary>The events that something comes before.</summary>
    internal EventSet Range
    {
        get
        {
            EventSet range = new(Count);
            for (int from = 0; from < Count; from++) Unite(range.Bits, Row(from));
            return range;
        }
    }

    /// <summary>The pairs in order of their first event.</summary>
    internal IEnumerable<(int From, int To)> Pairs
    {
        get
        {
            for (int from = 0; from < Count; from++)
            {
                for (int to = 0; to < Count; to++) if (this[from, to]) yield return (from, to);
            }
        }
    }

    public static Relation operator |(Relation r, Relation s)
    {
        ulong[] rows = (ulong[])r._rows.Clone();
        Unite(rows, s._rows);
        return new Relation(r.Count, rows);
    }

    public static Relation operator &(Relation r, Relation s)
    {
        ulong[] rows = (ulong[])r._rows.Clone();
        for (int word = 0; word < rows.Length; word++) rows[word] &= s._rows[word];
        return new Relation(r.Count, rows);
    }

    /// <summary>What is in the first and not in the second: cat's <c>\</c>.</summary>
    public static Relation operator -(Relation r, Relation s)
    {
        ulong[] rows = (ulong[])r._rows.Clone();
        for (int word = 0; word < rows.Length; word++) rows[word] &= ~s._rows[word];
        return new Relation(r.Count, rows);
    }

    public static Relation operator >>(Relation r, Relation s)
    {
        Relation composed = new(r.Count);
        for (int from = 0; from < r.Count; from++)
        {
            Span<ulong> row = composed.Row(from);
            for (int word = 0; word < r._words; word++)
            {
                for (ulong left = r._rows[from * r._words + word]; left != 0; left &= left - 1)
                {
                    Unite(row, s.Row((word << 6) + BitOperations.TrailingZeroCount(left)));
                }
            }
        }
        return composed;
    }

    /// <summary>The pairs whose second event is in the set.</summary>
    public static Relation operator >>(Relation r, EventSet to)
    {
        ulong[] rows = (ulong[])r._rows.Clone();
        for (int word = 0; word < rows.Length; word++) rows[word] &= to.Bits[word % r._words];
        return new Relation(r.Count, rows);
    }

    /// <summary>The pairs whose first event is in the set.</summary>
    internal Relation From(EventSet from)
    {
        Relation kept = new(Count);
        for (int e = 0; e < Count; e++) if (from[e]) Row(e).CopyTo(kept.Row(e));
        return kept;
    }

    private Span<ulong> Row(int e) => _rows.AsSpan(e * _words, _words);

    private static void Unite(Span<ulong> into, ReadOnlySpan<ulong> from)
    {
        for (int word = 0; word < from.Length; word++) into[word] |= from[word];
    }
}
