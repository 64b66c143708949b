using System.Numerics;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>A relation of at most 63 events. <c>*</c> is composition.</summary>
internal readonly struct Rel(int count)
{
    internal readonly ulong[] Rows = new ulong[count];

    public static Rel operator |(Rel a, Rel b) => Each(a, b, (one, other) => one | other);

    public static Rel operator &(Rel a, Rel b) => Each(a, b, (one, other) => one & other);

    public static Rel operator -(Rel a, Rel b) => Each(a, b, (one, other) => one & ~other);

    public static Rel operator *(Rel a, Rel b)
    {
        Rel r = new(a.Rows.Length);
        for (int from = 0; from < r.Rows.Length; from++)
        {
            for (ulong left = a.Rows[from]; left != 0; left &= left - 1)
            {
                r.Rows[from] |= b.Rows[BitOperations.TrailingZeroCount(left)];
            }
        }
        return r;
    }

    internal Rel Inverse
    {
        get
        {
            Rel r = new(Rows.Length);
            for (int a = 0; a < Rows.Length; a++)
            {
                for (int b = 0; b < Rows.Length; b++) if ((Rows[a] >> b & 1) != 0) r.Rows[b] |= 1UL << a;
            }
            return r;
        }
    }

    internal Rel Opt
    {
        get
        {
            Rel r = new(Rows.Length);
            for (int e = 0; e < Rows.Length; e++) r.Rows[e] = Rows[e] | 1UL << e;
            return r;
        }
    }

    /// <summary>By repeated squaring, to be another way than the engine's.</summary>
    internal Rel Plus
    {
        get
        {
            Rel now = this;
            while (true)
            {
                Rel next = now | (now * now);
                if (next.Rows.AsSpan().SequenceEqual(now.Rows)) return now;
                now = next;
            }
        }
    }

    internal Rel Star => Plus.Opt;

    internal bool IsEmpty => !Rows.AsSpan().ContainsAnyExcept(0UL);

    internal bool IsIrreflexive
    {
        get
        {
            for (int e = 0; e < Rows.Length; e++) if ((Rows[e] >> e & 1) != 0) return false;
            return true;
        }
    }

    /// <summary>Takes away, again and again, what nothing leads on from.</summary>
    internal bool IsAcyclic
    {
        get
        {
            ulong left = (1UL << Rows.Length) - 1;
            while (left != 0)
            {
                ulong stays = 0;
                for (ulong rest = left; rest != 0; rest &= rest - 1)
                {
                    int e = BitOperations.TrailingZeroCount(rest);
                    if ((Rows[e] & left) != 0) stays |= 1UL << e;
                }
                if (stays == left) return false;
                left = stays;
            }
            return true;
        }
    }

    private static Rel Each(Rel a, Rel b, Func<ulong, ulong, ulong> f)
    {
        Rel r = new(a.Rows.Length);
        for (int e = 0; e < r.Rows.Length; e++) r.Rows[e] = f(a.Rows[e], b.Rows[e]);
        return r;
    }
}
