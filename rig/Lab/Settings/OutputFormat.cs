namespace Lab.Application.Settings;

/// <summary>How results go to standard output.</summary>
public enum OutputFormat
{
    Table,
    Json,
    Csv,
    Markdown,
}
