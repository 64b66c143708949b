namespace Lab.Measure;

/// <summary>Turns that follow one another at once, for nobody else takes any: a rehearsal of the real ones, so that what must be
/// compiled is.</summary>
public sealed class UncontestedTurns(TimeSpan length) : ITurns
{
    public TimeSpan Length { get; } = length;

    public bool Await() => true;
}
