namespace Lab.Measure;

/// <summary>Cuts the window into turns, between which others measure: arms that take turns every 100 ms see the same machine,
/// arms that follow each other after seconds do not. All members are called by the coordinating thread.</summary>
public interface ITurns
{
    /// <summary>Of a turn; the last is shorter where they would not make up the window.</summary>
    TimeSpan Length { get; }

    /// <summary>Gives the turn away and returns when the next one begins, which may last as long as the others like; the actors
    /// stand still meanwhile, without being asked. False if nobody is there any more to give it back: then the run ends as a
    /// cancelled one.</summary>
    bool Await();
}
