namespace Lab.Settings;

/// <summary>The user asked for something that cannot be; the message is one sentence that says what to do instead.</summary>
public sealed class UsageException(string message) : Exception(message);
