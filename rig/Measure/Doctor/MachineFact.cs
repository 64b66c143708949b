namespace Lab.Measure;

/// <summary>How a fact bears on a measurement.</summary>
public enum FactState
{
    /// <summary>As a measurement wants it.</summary>
    Good,

    /// <summary>Can be lived with, and must be known to read the numbers.</summary>
    Fair,

    /// <summary>Small differences measured here are not to be believed until it is fixed.</summary>
    Bad,

    /// <summary>The machine does not say.</summary>
    Unknown,
}

/// <summary>One thing about the machine that a measurement depends on.</summary>
/// <param name="Group">Heading it stands under.</param>
/// <param name="Name">Stable, in lower case with underscores: people script against it.</param>
/// <param name="Value">As found, short.</param>
/// <param name="State">Good, fair, bad or unknown.</param>
/// <param name="Meaning">What it means for a measurement, in one sentence.</param>
/// <param name="Remedy">The command that fixes it, or what to do if no command does; null if there is nothing to fix.</param>
public sealed record MachineFact(string Group, string Name, string Value, FactState State, string Meaning, string? Remedy = null);
