namespace Lab.Mmu;

/// <summary>Told what a thread decides by, so that what it does next is known to depend on it.</summary>
internal interface IDecisions
{
    /// <param name="reads">Loads of the thread, a bit each.</param>
    void DecideBy(ulong reads);
}

/// <summary>A value that remembers the loads of its thread that it is computed from, so that a memory model with dependencies
/// sees them: stored, it is a data dependency; as an address an address dependency; compared or converted, it decides all that
/// its thread does from then on (a control dependency). Made by <see cref="IMachine.LoadTracked(ref ulong)"/>.</summary>
/// <remarks>A value like any other on machines that order nothing by it. Belongs to the thread that loaded it: what goes from
/// thread to thread goes through words. A branch of C that ends still decides here what comes behind it: processors have it so,
/// a compiler of the kernel may not, so that less can be found, never more.</remarks>
public readonly struct TrackedValue
{
    private readonly IDecisions? _decisions;

    internal TrackedValue(ulong value, ulong from, IDecisions? decisions) => (Value, From, _decisions) = (value, from, decisions);

    /// <summary>The bare value, for the machine.</summary>
    internal ulong Value { get; }

    /// <summary>Loads of the thread, a bit each.</summary>
    internal ulong From { get; }

    public static implicit operator TrackedValue(ulong value) => new(value, 0, null);

    /// <summary>The bare value; what the thread does from now on depends on it.</summary>
    public static explicit operator ulong(TrackedValue value) => value.Decided;

    public static TrackedValue operator +(TrackedValue x, TrackedValue y) => x.With(y, unchecked(x.Value + y.Value));

    public static TrackedValue operator -(TrackedValue x, TrackedValue y) => x.With(y, unchecked(x.Value - y.Value));

    public static TrackedValue operator *(TrackedValue x, TrackedValue y) => x.With(y, unchecked(x.Value * y.Value));

    public static TrackedValue operator &(TrackedValue x, TrackedValue y) => x.With(y, x.Value & y.Value);

    public static TrackedValue operator |(TrackedValue x, TrackedValue y) => x.With(y, x.Value | y.Value);

    public static TrackedValue operator ^(TrackedValue x, TrackedValue y) => x.With(y, x.Value ^ y.Value);

    public static TrackedValue operator ~(TrackedValue x) => x.Select(value => ~value);

    public static TrackedValue operator <<(TrackedValue x, int bits) => x.Select(value => value << bits);

    public static TrackedValue operator >>(TrackedValue x, int bits) => x.Select(value => value >> bits);

    public static bool operator ==(TrackedValue x, TrackedValue y) => x.Decided == y.Decided;

    public static bool operator !=(TrackedValue x, TrackedValue y) => x.Decided != y.Decided;

    public static bool operator <(TrackedValue x, TrackedValue y) => x.Decided < y.Decided;

    public static bool operator >(TrackedValue x, TrackedValue y) => x.Decided > y.Decided;

    public static bool operator <=(TrackedValue x, TrackedValue y) => x.Decided <= y.Decided;

    public static bool operator >=(TrackedValue x, TrackedValue y) => x.Decided >= y.Decided;

    /// <summary>Another value that is computed from this one, as by a look into a table that nobody changes.</summary>
    public TrackedValue Select(Func<ulong, ulong> compute) => new(compute(Value), From, _decisions);

    public override bool Equals(object? obj) => obj is TrackedValue value && this == value;

    public override int GetHashCode() => Decided.GetHashCode();

    public override string ToString() => Decided.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private ulong Decided
    {
        get
        {
            if (From != 0) _decisions?.DecideBy(From);
            return Value;
        }
    }

    private TrackedValue With(TrackedValue other, ulong value) =>
        new(value, From | other.From, _decisions ?? other._decisions);
}
